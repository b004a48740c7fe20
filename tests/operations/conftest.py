from tests.lambdas.conftest import cloud

__all__ = ["cloud"]
