"""GraphQL operations compiled to Python: one function for each selection, none for each field.

It stands alone: it knows Strawberry's and graphql-core's schemas, and of what they are about
nothing.  What it answers is what `graphql.execute` answers with the same schema; what it cannot
compile it leaves to that, and says why.

* `sites` and `reading` look at a field: where it stands, and how its value is had,
* `inputs`, `arguments` and `conversions` make variables and arguments, `leaves` tests scalars,
* `writing` writes the function of each object, which `functions` holds; `attempts` are the fields
  in it, `completions` what becomes of their values in line, and `completers` what else may; all
  know the `tools`; `shortcuts` are the objects that need no function, and `kept` has what never
  changes,
* `values` has what they call where a value is out of the ordinary,
* `running` is what one run remembers: errors, arguments, and what is awaited,
* `operations` keeps what was compiled of one operation, for each way its conditions can fall.
"""

from gateway.execution.compiled.operations import Compiled, Compiler, Fallback, OnOutcome

__all__ = ["Compiled", "Compiler", "Fallback", "OnOutcome"]
