"""Run by QGIS's own Python: opens what it is told to and says what it found, as a line of JSON.

Nothing of the project is imported here, as it may need a newer Python.
"""

import base64
import json
import os
import sys
from typing import Any

from qgis.core import (
    QgsApplication,
    QgsAuthMethodConfig,
    QgsDateTimeRange,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFeatureRequest,
    QgsInterval,
    QgsLayoutExporter,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsRectangle,
    QgsTemporalNavigationObject,
    QgsUnitTypes,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QDate, QDateTime, QSize, Qt, QTime, QVariant
from qgis.PyQt.QtGui import QColor, QImage


def layers(sources: list[list[str]], box: list[float] | None = None) -> dict[str, Any]:
    """Of each (name, source, provider): is it valid, and what is in it."""
    return {name: told(QgsVectorLayer(source, name, kind), box) for name, source, kind in sources}


def guarded(sources: list[list[str]], configuration: str, key: str) -> dict[str, Any]:
    """The same, with a key in an authentication configuration of QGIS."""
    manager = QgsApplication.authManager()
    if not manager.setMasterPassword("the planner's own", True):
        raise ValueError("no master password")
    kept = QgsAuthMethodConfig("Basic")
    kept.setId(configuration)
    kept.setName("flerkjerne")
    kept.setConfig("username", "plankontoret")
    kept.setConfig("password", key)
    if not manager.storeAuthenticationConfig(kept):
        raise ValueError("the configuration was not kept")
    return layers(sources)


def told(layer: QgsVectorLayer, box: list[float] | None) -> dict[str, Any]:
    if not layer.isValid():
        return {"valid": False}
    first = [list(map(plain, feature.attributes())) for feature in layer.getFeatures()]
    again = [list(map(plain, feature.attributes())) for feature in layer.getFeatures()]
    _, styled = layer.loadDefaultStyle()
    request = QgsFeatureRequest(QgsRectangle(*box)) if box else QgsFeatureRequest()
    names = [field.name() for field in layer.fields()]
    return {
        "valid": True,
        "crs": layer.crs().authid(),
        "geometry": QgsWkbTypes.displayString(layer.wkbType()),
        "fields": {field.name(): field.typeName() for field in layer.fields()},
        "titles": {field.name(): field.displayName() for field in layer.fields()},
        "features": [dict(zip(names, row, strict=True)) for row in first],
        "same_again": sorted(map(json.dumps, first)) == sorted(map(json.dumps, again)),
        "in_box": sum(1 for _ in layer.getFeatures(request)),
        "styled": styled,
        "renderer": layer.renderer().type() if layer.renderer() else None,
        "played": layer.temporalProperties().isActive(),
        "title": layer.metadata().title(),
    }


def plain(value: Any) -> Any:
    if isinstance(value, QVariant):  # what is null
        return None
    if isinstance(value, QDate):
        return value.toString(Qt.ISODate)
    return value


def project(path: str) -> dict[str, Any]:
    """What a project has."""
    opened = opened_project(path)
    times = opened.timeSettings().temporalRange()
    player = QgsTemporalNavigationObject()
    player.setTemporalExtents(times)
    player.setFrameDuration(QgsInterval(1, QgsUnitTypes.TemporalYears))
    mode, _ = opened.readNumEntry("TemporalControllerWidget", "/NavigationMode", 0)
    return {
        "title": opened.title(),
        "crs": opened.crs().authid(),
        "layers": {
            layer.name(): {
                "valid": layer.isValid(),
                "crs": layer.crs().authid(),
                "shown": opened.layerTreeRoot().findLayer(layer.id()).isVisible(),
                "played": layer.temporalProperties().isActive(),
            }
            for layer in opened.mapLayers().values()
        },
        "groups": [group.name() for group in opened.layerTreeRoot().findGroups()],
        "layouts": [layout.name() for layout in opened.layoutManager().layouts()],
        "frames": player.totalFrameCount(),
        "mode": mode,
        "first": times.begin().toString(Qt.ISODate),
    }


def opened_project(path: str) -> QgsProject:
    opened = QgsProject.instance()
    if not opened.read(path):
        raise ValueError(opened.error())
    return opened


def maps(path: str, extent: list[float], years: list[int | None], folder: str) -> list[str]:
    """Images of a project in the years, None while nothing is played."""
    opened = opened_project(path)
    return [image(opened, extent, year, os.path.join(folder, f"{year}.png")) for year in years]


def image(opened: QgsProject, extent: list[float], year: int | None, path: str) -> str:
    settings = QgsMapSettings()
    tree = opened.layerTreeRoot()
    settings.setLayers([node.layer() for node in tree.findLayers() if node.isVisible()])
    settings.setDestinationCrs(opened.crs())
    settings.setOutputSize(QSize(900, 700))
    settings.setOutputDpi(96)
    settings.setBackgroundColor(QColor("white"))
    settings.setExtent(QgsRectangle(*extent))
    if year is not None:
        begin, end = (QDateTime(QDate(y, 1, 1), QTime(0, 0), Qt.UTC) for y in (year, year + 1))
        settings.setIsTemporal(True)
        settings.setTemporalRange(QgsDateTimeRange(begin, end, True, False))
    context = QgsExpressionContext()
    context.appendScope(QgsExpressionContextUtils.globalScope())
    context.appendScope(QgsExpressionContextUtils.projectScope(opened))
    context.appendScope(QgsExpressionContextUtils.mapSettingsScope(settings))
    settings.setExpressionContext(context)
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    if job.errors():
        raise ValueError([error.message for error in job.errors()])
    job.renderedImage().save(path)
    return path


def sheet(path: str, image: str) -> str:
    """The printed sheet as an image."""
    (layout,) = opened_project(path).layoutManager().layouts()
    settings = QgsLayoutExporter.ImageExportSettings()
    settings.dpi = 72
    result = QgsLayoutExporter(layout).exportToImage(image, settings)
    if result != QgsLayoutExporter.Success:
        raise ValueError(result)
    return image


def pixels(path: str, width: int) -> dict[str, Any]:
    """An image made small: letters no longer count, colours and places do."""
    small = QImage(path).scaledToWidth(width, Qt.SmoothTransformation)
    small = small.convertToFormat(QImage.Format_RGB888)
    lines = [bytes(small.constScanLine(y).asarray(3 * width)) for y in range(small.height())]
    return {"height": small.height(), "rgb": base64.b64encode(b"".join(lines)).decode()}


def main() -> None:
    QgsApplication.setPrefixPath("/usr", True)
    application = QgsApplication([], True)
    application.initQgis()
    tasks = {task.__name__: task for task in (layers, guarded, project, maps, sheet, pixels)}
    answer = tasks[sys.argv[1]](**json.loads(sys.argv[2]))
    print(json.dumps(answer))
    sys.stdout.flush()
    os._exit(0)  # QGIS tears down what Python still holds


if __name__ == "__main__":
    main()
