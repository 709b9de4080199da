-- What a host writes and takes away again to know whether there is room to write. Nothing stays in the table.
CREATE TABLE room_to_write (
    id BLOB PRIMARY KEY NOT NULL,
    filler BLOB NOT NULL
);
