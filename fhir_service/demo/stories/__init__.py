"""The persons of the demo, one module each with one `STORY`."""
