"""The scripts that every exported data set carries, copied as they are.

They need nothing of agentgym: a data set stands alone. We import only
`raw_to_standardized`, so that what a data set says and what we write cannot differ.
"""
