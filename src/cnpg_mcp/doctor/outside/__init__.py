"""What clients such as Claude ask of the public address, asked in the same way."""
