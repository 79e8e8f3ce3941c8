{ "targets": [ { "target_name": "landspout", "sources": [ "<!@(ls lib/native/*.cc)" ] } ] }
