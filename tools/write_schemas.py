"""Write the generated schemas into schemas/: run after a change of the records. A test compares them."""

import json
from pathlib import Path

from ragmeter.core.result.documents import generated_schemas
from ragmeter.core.verdicts.slo_schema import slo_schema

for name, schema in {**generated_schemas(), "slo.v1": slo_schema()}.items():
    path = Path(__file__).parents[1] / "schemas" / f"{name}.schema.json"
    path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
