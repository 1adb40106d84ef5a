"""What the tests of the demo share: the page alone, and the page in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.sandbox.demo.stand import Page, page_served
from tests.sandbox.demo.window import errors

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


@pytest.fixture
def page() -> Iterator[Page]:
    with page_served() as served:
        yield served


@pytest.fixture
def window(browser: Chrome, page: Page) -> Iterator[Chrome]:
    """The browser, closed before the page ends; a page that wrote an error into its console fails the test."""
    yield browser
    assert errors(browser) == []
