"""What is wrong in the files of authors: every name must lead somewhere.

A `Library` comes in, `Problem`s go out. In order: `problem`, `views`, `values`, `speech`,
`flow`, `pattern`, `industry`. Next: `blueprint`.
"""

from agentgym.sources.compose.check.industry import check_industries, check_industry
from agentgym.sources.compose.check.pattern import check_pattern, check_patterns
from agentgym.sources.compose.check.problem import Problem

__all__ = ["Problem", "check_industries", "check_industry", "check_pattern", "check_patterns"]
