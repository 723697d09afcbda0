"""Settings of the reference pages."""

import importlib.metadata

project = "didymium"
author = "The didymium contributors"
release = importlib.metadata.version("didymium")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = f"didymium {release}"
exclude_patterns = ["build"]
