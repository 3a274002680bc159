"""What a caller may do on both servers, as whom it is done, and what is on record of it."""
