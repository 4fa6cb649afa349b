"""Who stands in for the rest of the world? Whatever the tests share; nothing in the product knows of it."""
