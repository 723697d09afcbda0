"""What people read: figures, sentences, the brief and the workbook.

A number here is a number of a :class:`~didymium.result.Result`; it is rounded for reading and never changed. Each one
leads through its footnote to the input rows behind it.
"""
