"""The chart, its alarms and the image, checked without a cluster."""
