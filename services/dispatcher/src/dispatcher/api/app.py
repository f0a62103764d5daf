"""Puts the routes together and answers errors in one shape."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from common.errors import TransientError
from dispatcher.api import admin, checking, confirming, links, suppressions
from dispatcher.api.edge import Edge


def build(edge: Edge) -> FastAPI:
    """The app of `dispatcher api`, without the health pages."""
    # The interactive documentation of FastAPI would load scripts from elsewhere.
    app = FastAPI(title="cuestream dispatcher", version="1", docs_url=None, redoc_url=None)
    app.include_router(links.routes(edge))
    app.include_router(confirming.routes(edge))
    app.include_router(admin.routes(edge))
    app.include_router(checking.routes(edge))
    app.include_router(suppressions.routes(edge))

    @app.exception_handler(TransientError)
    async def away(_: Request, error: TransientError) -> JSONResponse:
        return _error(503, error.reason, error.detail, {"Retry-After": "5"})

    # By number too, because the framework's own 404 is not FastAPI's exception.
    @app.exception_handler(404)
    @app.exception_handler(405)
    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> JSONResponse:
        status = HTTPStatus(error.status_code)
        return _error(status, status.name.lower(), str(error.detail), dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        told = "; ".join(f"{problem['loc'][-1]}: {problem['msg']}" for problem in error.errors())
        return _error(400, "invalid_request", told, {})

    return app


def _error(status: int, error: str, detail: str, headers: dict[str, str]) -> JSONResponse:
    return JSONResponse({"error": error, "detail": detail}, status_code=status, headers=headers)
