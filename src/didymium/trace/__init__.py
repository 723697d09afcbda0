"""Evidence: from a number of a result to the input rows behind it, their sources, dates and grades."""

from didymium.trace.rests import summary
from didymium.trace.verb import trace

__all__ = ["summary", "trace"]
