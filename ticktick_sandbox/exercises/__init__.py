"""The exercises at the end of the notebooks: one module each, and what runs them."""
