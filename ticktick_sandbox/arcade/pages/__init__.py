"""What a person's browser passes through on its way."""
