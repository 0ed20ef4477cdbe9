"""Plans that write, the parts: what a person would change, rows and values for it, trials.

`fields` says what is changed or asked for, `trial` plays a plan's writes on a world where
rules only note what they would bar, `changes` adds one write to a sketch, `several` many,
`focus` finds rows and values at the limit of a rule. The families are in `conditional`,
`barred`, `lacking`, `vague` and `long`; `tasks.writes` has them all together.
"""
