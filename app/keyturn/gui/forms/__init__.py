"""Pieces that pages of lists and forms are put together from; none of them knows a broker."""
