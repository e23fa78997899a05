"""Learn the reader anew from its examples: `python -m ml.comments`."""

import json
from dataclasses import asdict

from ml.comments.learning import examples, learn
from ml.comments.reading import WEIGHTS

learned = asdict(learn(examples()))
rows = ",\n  ".join(json.dumps(row) for row in learned["weights"])
WEIGHTS.write_text(f'{{"themes": {json.dumps(learned["themes"])},\n "weights": [\n  {rows}\n]}}\n', encoding="utf-8")
