"""Looking at the page and acting on it as a person would, waiting for what is still on its way."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

WAIT = 15.0


def one(window: Chrome, css: str, text: str = "") -> WebElement:
    """The first element with this text in it, once it is there."""
    from selenium.common.exceptions import StaleElementReferenceException
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    def found(driver: Chrome) -> WebElement | None:
        return next((each for each in driver.find_elements(By.CSS_SELECTOR, css) if text in each.text), None)

    wait: WebDriverWait[Chrome] = WebDriverWait(
        window, WAIT, poll_frequency=0.05, ignored_exceptions=[StaleElementReferenceException]
    )
    element = wait.until(found, f"nothing like {css} with {text!r}")
    assert element is not None
    return element


def doing(window: Chrome, css: str, text: str, do: Callable[[WebElement], object]) -> None:
    """Does it to the element; again if the page has just built it anew or does not show it yet."""
    from selenium.common.exceptions import (
        ElementClickInterceptedException,
        ElementNotInteractableException,
        StaleElementReferenceException,
    )

    for _ in range(40):
        with suppress(
            StaleElementReferenceException, ElementNotInteractableException, ElementClickInterceptedException
        ):
            do(one(window, css, text))
            return
        time.sleep(0.05)
    raise AssertionError(f"{css} with {text!r} cannot be used")


def click(window: Chrome, css: str, text: str = "") -> None:
    doing(window, css, text, lambda element: element.click())


def count(window: Chrome, css: str) -> int:
    from selenium.webdriver.common.by import By

    return len(window.find_elements(By.CSS_SELECTOR, css))


def until(window: Chrome, seen: Callable[[], bool], what: str) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(window, WAIT, poll_frequency=0.05).until(lambda _: seen(), what)


def drag(window: Chrome, what: WebElement, onto: WebElement) -> None:
    """Drag and drop as a browser reports it to a page; the driver's own mouse starts none of HTML's."""
    window.execute_script(
        """const carried = new DataTransfer();
        const how = {bubbles: true, cancelable: true, dataTransfer: carried};
        const told = (node, type) => node.dispatchEvent(new DragEvent(type, how));
        told(arguments[0], "dragstart"); told(arguments[1], "dragover"); told(arguments[1], "drop");""",
        what,
        onto,
    )


def errors(window: Chrome) -> list[object]:
    """What the page has written into the console as an error."""
    return [entry for entry in window.get_log("browser") if entry["level"] == "SEVERE"]  # type: ignore[no-untyped-call]  # selenium types it not
