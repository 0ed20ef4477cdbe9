"""The version of the package, written into every manifest and trajectory."""

__all__ = ["VERSION"]

VERSION = "0.1.0"
