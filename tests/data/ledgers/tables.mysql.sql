CREATE TABLE calls_per_day (
    account VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    operation VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    day VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    calls INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    PRIMARY KEY (account, operation, day)
)ENGINE=InnoDB CHARSET=utf8mb4 ROW_FORMAT=DYNAMIC COLLATE utf8mb4_bin
CREATE TABLE claims (
    amazon_order_id VARCHAR(255) NOT NULL,
    run INTEGER NOT NULL,
    until VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    PRIMARY KEY (amazon_order_id)
)ENGINE=InnoDB CHARSET=utf8mb4 ROW_FORMAT=DYNAMIC COLLATE utf8mb4_bin
CREATE TABLE conditions (
    condition_key VARCHAR(700) NOT NULL,
    text LONGTEXT NOT NULL,
    first_seen VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    last_seen VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    last_printed VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin,
    count INTEGER NOT NULL,
    exit_code INTEGER,
    PRIMARY KEY (condition_key)
)ENGINE=InnoDB CHARSET=utf8mb4 ROW_FORMAT=DYNAMIC COLLATE utf8mb4_bin
CREATE TABLE coverage (
    marketplace_id VARCHAR(255) NOT NULL,
    channel VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    basis VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    covered_from VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    covered_until VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    PRIMARY KEY (marketplace_id, channel, basis, covered_from)
)ENGINE=InnoDB CHARSET=utf8mb4 ROW_FORMAT=DYNAMIC COLLATE utf8mb4_bin
CREATE TABLE findings (
    amazon_order_id VARCHAR(255) NOT NULL,
    kind VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    field VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    placed VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    found VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    reason LONGTEXT NOT NULL,
    hint LONGTEXT NOT NULL,
    amazon LONGTEXT NOT NULL,
    shop LONGTEXT NOT NULL,
    PRIMARY KEY (amazon_order_id, kind, field)
)ENGINE=InnoDB CHARSET=utf8mb4 ROW_FORMAT=DYNAMIC COLLATE utf8mb4_bin
CREATE TABLE ledger (
    only_row INTEGER NOT NULL,
    account VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    shop VARCHAR(255) NOT NULL,
    created VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    program_version VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    seller VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
    PRIMARY KEY (only_row)
)ENGINE=InnoDB CHARSET=utf8mb4 ROW_FORMAT=DYNAMIC COLLATE utf8mb4_bin
CREATE TABLE listings (
    command VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    search_digest VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    search LONGTEXT NOT NULL,
    started VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    token LONGTEXT,
    observed_until VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin,
    pages INTEGER NOT NULL,
    again BOOL NOT NULL,
    unreadable INTEGER NOT NULL DEFAULT '0',
    PRIMARY KEY (command, search_digest)
)ENGINE=InnoDB CHARSET=utf8mb4 ROW_FORMAT=DYNAMIC COLLATE utf8mb4_bin
CREATE TABLE memory (
    name VARCHAR(700) NOT NULL,
    value LONGTEXT NOT NULL,
    PRIMARY KEY (name)
)ENGINE=InnoDB CHARSET=utf8mb4 ROW_FORMAT=DYNAMIC COLLATE utf8mb4_bin
CREATE TABLE migrations (
    name VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    applied VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    program_version VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    PRIMARY KEY (name)
)ENGINE=InnoDB CHARSET=utf8mb4 ROW_FORMAT=DYNAMIC COLLATE utf8mb4_bin
CREATE TABLE order_history (
    id INTEGER NOT NULL AUTO_INCREMENT,
    amazon_order_id VARCHAR(255) NOT NULL,
    at VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    run INTEGER,
    event VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    state VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    code VARCHAR(255) NOT NULL,
    amazon_status VARCHAR(255) NOT NULL,
    amazon_updated VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin,
    message LONGTEXT NOT NULL,
    detail LONGTEXT NOT NULL,
    PRIMARY KEY (id)
)ENGINE=InnoDB CHARSET=utf8mb4 ROW_FORMAT=DYNAMIC COLLATE utf8mb4_bin
CREATE INDEX order_history_by_order ON order_history (amazon_order_id, id)
CREATE TABLE orders (
    amazon_order_id VARCHAR(255) NOT NULL,
    state VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    code VARCHAR(255) NOT NULL,
    subject LONGTEXT NOT NULL,
    message LONGTEXT NOT NULL,
    marketplace_id VARCHAR(255) NOT NULL,
    channel VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin,
    amazon_status VARCHAR(255) NOT NULL,
    purchased VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin,
    amazon_updated VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin,
    first_seen VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    last_seen VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    state_since VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    attempts INTEGER NOT NULL,
    last_look VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin,
    next_look VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin,
    id_order BIGINT,
    ignored_by_person BOOL NOT NULL,
    given_up BOOL NOT NULL,
    total VARCHAR(255) NOT NULL,
    ship_by VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin,
    PRIMARY KEY (amazon_order_id)
)ENGINE=InnoDB CHARSET=utf8mb4 ROW_FORMAT=DYNAMIC COLLATE utf8mb4_bin
CREATE INDEX orders_by_state ON orders (state, next_look)
CREATE TABLE quota (
    account VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    operation VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    tokens VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    as_of VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    rate VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin,
    PRIMARY KEY (account, operation)
)ENGINE=InnoDB CHARSET=utf8mb4 ROW_FORMAT=DYNAMIC COLLATE utf8mb4_bin
CREATE TABLE rereading (
    marketplace_id VARCHAR(255) NOT NULL,
    channel VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    read_again VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    read_until VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    PRIMARY KEY (marketplace_id, channel)
)ENGINE=InnoDB CHARSET=utf8mb4 ROW_FORMAT=DYNAMIC COLLATE utf8mb4_bin
CREATE TABLE runs (
    id INTEGER NOT NULL AUTO_INCREMENT,
    command VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    pid INTEGER NOT NULL,
    started VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    finished VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin,
    exit_code INTEGER,
    report LONGTEXT,
    PRIMARY KEY (id)
)ENGINE=InnoDB CHARSET=utf8mb4 ROW_FORMAT=DYNAMIC COLLATE utf8mb4_bin
CREATE INDEX runs_by_command ON runs (command, id)
CREATE INDEX runs_by_start ON runs (started)
CREATE TABLE leases (
    command VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    token BIGINT NOT NULL,
    holder VARCHAR(255) NOT NULL,
    since VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    expires VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    PRIMARY KEY (command)
)ENGINE=InnoDB CHARSET=utf8mb4 ROW_FORMAT=DYNAMIC COLLATE utf8mb4_bin
