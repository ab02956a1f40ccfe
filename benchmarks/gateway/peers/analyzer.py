"""Presidio's analyzer as a service: `POST /analyze`, as its own container answers it.

The package has the engine and what the container installs, but not the few lines that join them.
"""

import json
from pathlib import Path

from flask import Flask, Response, request
from presidio_analyzer import AnalyzerEngineProvider, AnalyzerRequest, BatchAnalyzerEngine


def create_app() -> Flask:
    """The application; the engine is made as the container makes it, with the small model."""
    nlp = Path(__file__).with_name("nlp.yaml")
    engine = AnalyzerEngineProvider(nlp_engine_conf_file=nlp).create_engine()
    batches = BatchAnalyzerEngine(engine)
    app = Flask(__name__)

    @app.get("/health")
    def health() -> str:
        return "up"

    @app.post("/analyze")
    def analyze() -> Response:
        asked = AnalyzerRequest(request.get_json())
        several = isinstance(asked.text, list)
        found = [
            [one.to_dict() for one in results]
            for results in batches.analyze_iterator(
                texts=asked.text if several else [asked.text],
                language=asked.language,
                correlation_id=asked.correlation_id,
                score_threshold=asked.score_threshold,
                entities=asked.entities,
                return_decision_process=asked.return_decision_process,
                ad_hoc_recognizers=asked.ad_hoc_recognizers,
                context=asked.context,
                allow_list=asked.allow_list,
            )
        ]
        for results in found:
            for one in results:
                one.pop("recognition_metadata", None)
        body = json.dumps(found if several else found[0], default=str)
        return Response(body, content_type="application/json")

    return app
