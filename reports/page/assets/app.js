// The page: what it shows is decided here.
