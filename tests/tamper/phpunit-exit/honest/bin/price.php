<?php
require __DIR__ . '/../src/price.php';

if ($argc !== 2) {
    fwrite(STDERR, "usage: price TEXT\n");
    exit(2);
}
echo parse_price($argv[1]), "\n";
