"""The tables of what is published: a module for each kind, which reads its folders and writes its part of the page."""
