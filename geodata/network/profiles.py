"""Ways of travelling, and how fast they go where the data do not say."""

from collections.abc import Mapping
from typing import Literal

Mode = Literal["car", "bicycle", "foot"]
ServiceKind = Literal["osrm", "valhalla"]
"""What a matrix service speaks."""

# km/h from a position to the road it is snapped to: driveways and paths that the data lack.
OFF_ROAD_KMH: Mapping[Mode, float] = {"car": 20.0, "bicycle": 10.0, "foot": 5.0}
# km/h along every road of a layer of lines, whose speed limits are for cars.
OWN_KMH: Mapping[Mode, float] = {"bicycle": 15.0, "foot": 5.0}
FERRY_KMH = 20.0  # of a ferry whose crossing time is not tagged; waiting is never counted
