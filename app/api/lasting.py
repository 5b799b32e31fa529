"""Answers that last: their callers are let in again and again, not once."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import TypeVar

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from app.errors import DATABASE_AWAY, Later, Unauthorised
from app.services.login import LogIn

logger = logging.getLogger(__name__)

LOOK_AGAIN_S = 4.0

Item = TypeVar("Item")


async def while_let_in(
    request: Request, login: LogIn, items: AsyncGenerator[Item, None]
) -> AsyncIterator[Item]:
    """The items, to their end or until the caller's key or token is one no longer.

    It is looked at between items, so they must come often enough. While nobody can tell, because
    the database or the issuer is away, they go on.
    """
    clock = asyncio.get_running_loop().time
    looked = clock()
    async with aclosing(items):
        async for item in items:
            if login.required and clock() - looked >= LOOK_AGAIN_S:
                if not await _is_let_in(request, login):
                    logger.info("a stream ends: its caller is not let in any more")
                    return
                looked = clock()
            yield item


async def _is_let_in(request: Request, login: LogIn) -> bool:
    try:
        await run_in_threadpool(login.caller, request.headers.get("authorization"))
    except Unauthorised:
        return False
    except (Later, *DATABASE_AWAY):
        logger.warning("whether a stream's caller is let in is not known", exc_info=True)
    return True
