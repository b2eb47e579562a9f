"""The rules of `greenroom contract lint`: one function a rule, its docstring the rule itself."""
