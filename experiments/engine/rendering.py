"""The templates of pages: every text that comes from outside is escaped, and a missing one is an error."""

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

PAGES = Environment(
    loader=PackageLoader("experiments.engine"), autoescape=select_autoescape(), undefined=StrictUndefined
)
