"""Work to do, leads, forms, knowledge and the smaller channels."""
