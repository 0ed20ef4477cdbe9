"""Parameters that say how an answer is paged, sorted, shaped, searched or bounded.

Names come in; what they control goes out. Next: `bind`.
"""

from __future__ import annotations

from typing import Literal

from agentgym.sources.openapi.names import snake

__all__ = ["PAGING", "WORDS", "is_control", "is_option_name", "span"]

PAGING = frozenset(
    "page page_size per_page limit offset cursor page_token next_token start count skip top size "
    "max_results starting_after ending_before marker continue rows num pagesize batch_size pagelen "
    "page_number page_num page_no perpage max_items start_index max_keys first last from_index "
    "next_page_token page_index max results_per_page items_per_page limits starting_token "
    "pagination_token next after_id before_id since_id max_id next_page pageno current_page tail "
    "head continuation_token skiptoken max_page_size max_per_page exclusive_start_key".split()
)
_SORTING = frozenset(
    "sort sort_by order order_by direction sort_order sort_dir sort_direction orderby sort_field "
    "ascending descending desc asc reverse ordering sort_key sortby sortorder scan_forward".split()
)
_SHAPING = frozenset(
    "fields include expand select embed exclude includes view projection with populate locale lang "
    "language accept depth extended verbose metadata details include_details show_all hl nocache "
    "include_count attributes response_format timezone tz raw pretty "
    "pretty_print callback alt".split()
)
WORDS = frozenset(
    "q query search keyword keywords term terms text search_text search_term search_query "
    "search_string phrase find search_terms free_text search_keyword filter_text contains".split()
)
_LOW = frozenset("min from since after start gte ge gt minimum starting begin newer earliest above "
                 "greater lower over".split())  # fmt: skip
_HIGH = frozenset("max to until before end lte le lt maximum ending older latest below less upper "
                  "under till".split())  # fmt: skip


_DOING = frozenset(
    "send include notify suppress skip ignore force validate overwrite dry silent respect return "
    "exclude override recalculate".split()
)
"""First words of flags that say how a write is done."""


def is_option_name(name: str) -> bool:
    """Tell whether a flag says how a write is done: `send_confirmation`, `dry_run`, `force`."""
    return snake(name).partition("_")[0] in _DOING


def is_control(name: str) -> bool:
    """Tell whether a parameter says how an answer is paged, sorted or shaped."""
    said = snake(name)
    return said in PAGING or said in _SORTING or said in _SHAPING or said in WORDS


def span(name: str) -> tuple[list[str], Literal["ge", "le", "gt", "lt"]] | None:
    """Return the words of what a parameter bounds, and from which side; None where it bounds none.

    Args:
        name: In snake_case: `created_after`, `min_price`, `since`.
    """
    words = name.split("_")
    for word, rest in ((words[0], words[1:]), (words[-1], words[:-1])):
        how: Literal["ge", "le", "gt", "lt"]
        if word in ("gt", "lt"):
            how = "gt" if word == "gt" else "lt"
        elif word in _LOW:
            how = "ge"
        elif word in _HIGH:
            how = "le"
        else:
            continue
        return [w for w in rest if w not in ("than", "or", "equal", "equals")], how
    return None
