"""One module for each far side: thin, typed, and the only place where its library is imported."""
