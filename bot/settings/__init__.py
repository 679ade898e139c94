"""Everything that a site decides: the model, the file, and the values that the domain is given."""
