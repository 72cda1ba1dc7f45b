"""Write the generated schemas into schemas/: run after a change of the records. A test compares them."""

import json
from pathlib import Path

from ragmeter.core.documents import generated_schemas

for name, schema in generated_schemas().items():
    path = Path(__file__).parents[1] / "schemas" / f"{name}.schema.json"
    path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
