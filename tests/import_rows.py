"""The import-linter contract type behind one row of the table of folders: what may be imported.

Closed by default: an import that the row does not name is refused, be it of this package, of
another distribution or, where the row lists some, of the standard library. Imports under
`TYPE_CHECKING` and inside functions count.
"""

import sys
from collections.abc import Iterable

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

ROOT = "keyturn"


class RowContract(Contract):
    """One row: `modules` may import themselves, `may_import` and the standard library.

    `may_import` names packages with all they contain; the root package alone means its own
    `__init__`. `standard_library`, when given, lists the only parts of it that are allowed.
    A module that does not exist yet imports nothing.
    """

    type_name = "row"

    modules = fields.ListField(subfield=fields.StringField())
    may_import = fields.ListField(subfield=fields.StringField())
    standard_library = fields.ListField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Collect every direct import that the row does not allow, as `importer:line imported`."""
        refused: list[str] = []
        for importer in _existing(graph, self._names("modules")):
            for imported in sorted(graph.find_modules_directly_imported_by(importer)):
                if not self._allows(imported):
                    lines = graph.get_import_details(importer=importer, imported=imported)
                    numbers = ", ".join(str(line["line_number"]) for line in lines)
                    refused.append(f"{importer}:{numbers} imports {imported}")
        return ContractCheck(kept=not refused, metadata={"refused": refused})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Write one line for each refused import."""
        for line in check.metadata["refused"]:
            output.print_error(line, bold=False)
        output.new_line()

    def _allows(self, imported: str) -> bool:
        if imported in sys.stdlib_module_names:
            allowed = self._names("standard_library")
            return not allowed or imported in allowed
        return any(
            imported == name or (name != ROOT and imported.startswith(f"{name}."))
            for name in (*self._names("modules"), *self._names("may_import"))
        )

    def _names(self, field: str) -> tuple[str, ...]:
        # import-linter sets the parsed values on the instance, over the fields of the class.
        return tuple(getattr(self, field) or ())


def _existing(graph: ImportGraph, names: Iterable[str]) -> list[str]:
    present = [name for name in names if name in graph.modules]
    inside = (child for name in present for child in graph.find_descendants(name))
    return sorted({*present, *inside})
