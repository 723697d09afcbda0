"""Response: which projects and stocks, for whom, and what each is better off by."""

from didymium.plan.verb import plan

__all__ = ["plan"]
