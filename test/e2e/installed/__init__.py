"""The two servers installed by the chart, reached as people and programs reach them."""
