"""As much of python-calamine as is used here: one sheet of a workbook after another, loaded whole."""

from __future__ import annotations

import contextlib
import importlib
import io
from collections.abc import Generator, Iterator, Sequence
from typing import Protocol, cast

from ..errors import ConfigError

__all__ = ["Sheet", "Workbook", "load_workbook"]


class Sheet(Protocol):
    @property
    def height(self) -> int:
        """Rows from the first with a cell to the last; 0 where there is none."""
        ...

    def iter_rows(self) -> Iterator[list[object]]:
        """Every row from the first of the sheet, each as wide as the widest; an empty cell is an empty text."""
        ...


class _Visibility(Protocol):
    Visible: object


class _SheetInfo(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def visible(self) -> object: ...


class _CalamineWorkbook(Protocol):
    @property
    def sheets_metadata(self) -> Sequence[_SheetInfo]: ...
    def get_sheet_by_name(self, name: str) -> Sheet: ...


class _Workbooks(Protocol):
    def from_filelike(self, filelike: io.BytesIO) -> _CalamineWorkbook: ...


class _Calamine(Protocol):
    CalamineError: type[Exception]
    PasswordError: type[Exception]
    CalamineWorkbook: _Workbooks
    SheetVisibleEnum: _Visibility


class Workbook:
    """The sheets of a workbook.

    Attributes:
        names: of its sheets, as their tabs stand, charts among them.
        visible: those of them that are not hidden.
    """

    def __init__(self, calamine: _Calamine, data: bytes, *, name: str) -> None:
        self._calamine = calamine
        self._name = name
        with self._plain_errors():
            self._workbook = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
            sheets = self._workbook.sheets_metadata
        is_visible = calamine.SheetVisibleEnum.Visible
        self.names = tuple(sheet.name for sheet in sheets)
        self.visible = tuple(sheet.name for sheet in sheets if sheet.visible == is_visible)

    def sheet(self, name: str) -> Sheet:
        """Load a sheet.

        Raises:
            ConfigError: it is damaged.
        """
        with self._plain_errors():
            return self._workbook.get_sheet_by_name(name)

    @contextlib.contextmanager
    def _plain_errors(self) -> Generator[None]:
        try:
            yield
        except self._calamine.PasswordError:
            raise ConfigError(f"{self._name} is protected by a password: save it without one.") from None
        except (self._calamine.CalamineError, OSError, ValueError):
            raise self._damaged() from None
        except BaseException as error:
            # What Rust calls a panic is no Exception in Python, so that few catch it; here it says that bytes are bad.
            if type(error).__name__ == "PanicException":
                raise self._damaged() from None
            raise

    def _damaged(self) -> ConfigError:
        return ConfigError(f"{self._name} is a damaged workbook: open it in Excel and save it again.")


def load_workbook(data: bytes, *, name: str) -> Workbook:
    """The workbook in these bytes, which were checked before.

    Args:
        data: an .xlsx or .xls.
        name: what messages call it.

    Raises:
        ConfigError: it is damaged or needs a password, or the extra is not installed.
    """
    try:
        calamine = cast("_Calamine", importlib.import_module("python_calamine"))
    except ImportError:
        raise ConfigError("Excel workbooks need an extra: pip install 'etelecom-async[excel]'.") from None
    return Workbook(calamine, data, name=name)
