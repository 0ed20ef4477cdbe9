"""What candidates that read are made of: trails of rows, clues that lead over them, answers.

Order: `masks` (sets of rows), `coarse` (how vaguely a value can be told), `hints` (what can be told
of a row), `knots` and `trails` (rows and how they hang together), `suffixes` (where a trail leads
when one of them could be any), `pages` (what tools must be asked to find one), `choice` (what is
told of one row), `pins` (of all), `answers` (what may be asked), `checks`, `grounds` (all of these
over one domain), and the families: `hops`, `sums`, `figures`, `several`, `cells`.
Next: `tasks.reads`.
"""
