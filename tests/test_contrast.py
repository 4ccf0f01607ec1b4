"""Every text can be read on its ground: contrast of 4.5:1 or more, as WCAG 2.2 asks (1.4.3)."""

from __future__ import annotations

import pytest
from PyQt6.QtGui import QColor, QPalette

from msviz.gui.canvas import damage, gutter, rulers, time_canvas, waveform
from msviz.gui.model.view import View
from msviz.gui.panels import messages, transport
from msviz.gui.panels.spectrum import SpectrumPanel
from msviz.gui.theme import FAINT, apply_theme

ROLE, GROUP = QPalette.ColorRole, QPalette.ColorGroup
LEAST, LEAST_OF_SHAPES = 4.5, 3.0


def luminance(colour: QColor) -> float:
    """Relative luminance of sRGB, by WCAG 2.2."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def over(colour: QColor, ground: QColor) -> QColor:
    """A colour laid over a ground by its opacity."""
    alpha = colour.alphaF()
    mixed = [
        alpha * a + (1 - alpha) * b for a, b in zip(colour.getRgbF()[:3], ground.getRgbF()[:3], strict=True)
    ]
    return QColor.fromRgbF(*mixed)


def contrast(ink: QColor, ground: QColor) -> float:
    light, dark = sorted((luminance(over(ink, ground)), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_black_on_white_is_21_to_1():
    assert contrast(QColor("black"), QColor("white")) == pytest.approx(21)
    half = QColor(0, 0, 0, 128)
    assert contrast(half, QColor("white")) == pytest.approx(
        contrast(QColor(127, 127, 127), QColor("white")), 0.02
    )


@pytest.fixture(params=["dark", "light"])
def palette(qapp, request):
    apply_theme(qapp, request.param)
    yield qapp.palette()
    apply_theme(qapp)


@pytest.mark.parametrize("group", [GROUP.Active, GROUP.Disabled])
@pytest.mark.parametrize(
    ("ink", "grounds"),
    [
        (ROLE.WindowText, (ROLE.Window,)),
        (ROLE.Text, (ROLE.Base, ROLE.AlternateBase)),
        (ROLE.PlaceholderText, (ROLE.Window, ROLE.Base)),
        (ROLE.ButtonText, (ROLE.Button,)),
        (ROLE.ToolTipText, (ROLE.ToolTipBase,)),
        (ROLE.HighlightedText, (ROLE.Highlight,)),
        (ROLE.Link, (ROLE.Window, ROLE.Base)),
    ],
)
def test_text_of_the_theme_can_be_read(palette, group, ink, grounds):
    for ground in grounds:
        assert contrast(palette.color(group, ink), palette.color(group, ground)) >= LEAST


def test_text_that_is_drawn_can_be_read(palette):
    window, text = palette.color(ROLE.Window), palette.color(ROLE.WindowText)
    for opacity, ground in ((FAINT, window), (0.85, window), (0.9, palette.color(ROLE.Mid))):
        ink = QColor(text)
        ink.setAlphaF(opacity)
        assert contrast(ink, ground) >= LEAST
    for pressed in gutter.PRESSED.values():
        assert contrast(gutter.ON_PRESSED, pressed) >= LEAST
    for inks in (waveform.ON_DARK, waveform.ON_LIGHT):
        for ink in (inks.wave, inks.rebuilt, inks.clipped):
            assert contrast(QColor(ink), QColor(inks.ground)) >= LEAST
    for ink, plate in ((time_canvas.WRITING, time_canvas.PLATE), (damage.WRITING, damage.PLATE)):
        assert contrast(ink, over(plate, QColor("white"))) >= LEAST  # on the brightest picture


def test_the_badges_can_be_read(palette):
    highlight, ink = palette.color(ROLE.Highlight), palette.color(ROLE.HighlightedText)
    assert contrast(ink, highlight) >= LEAST
    assert transport.BADGE >= 16


def test_messages_can_be_read():
    assert contrast(messages.INK, messages.GROUND) >= LEAST


def test_the_selection_shows_on_the_waveform(palette, qtbot):
    canvas = waveform.Waveform(View())
    qtbot.addWidget(canvas)
    inks = waveform.ON_LIGHT if waveform.on_light(palette) else waveform.ON_DARK
    ground = QColor(inks.ground)
    assert contrast(over(canvas._selection_colour(), ground), ground) >= 1.15


def test_curves_show_on_the_spectrum(palette, qtbot):
    panel = SpectrumPanel(View())
    qtbot.addWidget(panel)
    for curve, colour in zip(panel._curves, panel._colours, strict=True):
        assert curve.opts["pen"].color() == colour
        assert contrast(colour, palette.color(ROLE.Base)) >= LEAST_OF_SHAPES
        assert colour.name() in panel._legend.text()


def test_the_handle_of_the_playhead_shows_on_the_ruler(palette):
    handle = rulers._handle(1).toImage()
    colours = {handle.pixelColor(x, y).name() for x in range(handle.width()) for y in range(handle.height())}
    assert max(contrast(QColor(name), palette.color(ROLE.Window)) for name in colours) >= LEAST_OF_SHAPES
