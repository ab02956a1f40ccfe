"""Presidio's anonymizer as a service: `POST /anonymize`, as its own container answers it."""

from flask import Flask, Response, request
from presidio_anonymizer import AnonymizerEngine
from presidio_anonymizer.services.app_entities_convertor import AppEntitiesConvertor


def create_app() -> Flask:
    """The application."""
    engine = AnonymizerEngine()
    app = Flask(__name__)

    @app.get("/health")
    def health() -> str:
        return "up"

    @app.post("/anonymize")
    def anonymize() -> Response:
        content = request.get_json()
        result = engine.anonymize(
            text=content["text"],
            analyzer_results=AppEntitiesConvertor.analyzer_results_from_json(
                content["analyzer_results"]
            ),
            operators=AppEntitiesConvertor.operators_config_from_json(content.get("anonymizers")),
        )
        return Response(result.to_json(), mimetype="application/json")

    return app
