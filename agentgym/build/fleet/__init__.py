"""Fleets: many domains in one folder, how they are, how they differ, and who trains on which.

`portrait` reads one domain folder, `summary` a folder of them. `diversity` and `shapes` say what
a domain is without its names, `distance` how far two are apart, `splits` which are trained on,
`overlap` what they share with lists of tools from elsewhere. Next: `portrait`.
"""
