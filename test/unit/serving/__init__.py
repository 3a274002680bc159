"""The layers around the app, each by itself."""
