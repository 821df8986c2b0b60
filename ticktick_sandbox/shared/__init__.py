"""What both services and everything around them share."""
