"""Fleets: many domains in one folder: made, looked at, compared, and split for training.

`engine` makes the domains of an order, on all cores and resumed after any death; `composed`,
`pooled` and `listed` say what they are made of. `portrait` reads one domain folder, `summary` a
folder of them. `diversity` and `shapes` say what a domain is without its names, `distance` how
far two are apart, `splits` which are trained on, `overlap` what they share with lists of tools
from elsewhere. Next: `engine`.
"""
