"""What is shown of runs, as arrays: asked by the charts of views, by exports and by the API.

Every function is (session, run_id, arguments) -> (arrays, meta), and is given to register_data
(app/binary.py) by the view whose charts ask for it.
"""
