// What a failing disk does to the server's database.
import { open } from 'node:fs/promises';

/**
 * Every page of an SQLite file that holds the text is lost. The server has to be stopped, so that all that it
 * wrote is in this file.
 */
export async function losePagesWith(text: string, databasePath: string): Promise<void> {
  const file = await open(databasePath, 'r+');
  try {
    const contents = await file.readFile();
    const pageSize = contents.readUInt16BE(16);
    let lost = 0;
    for (let start = pageSize; start < contents.length; start += pageSize) {
      if (!contents.subarray(start, start + pageSize).includes(text)) continue;
      await file.write(new Uint8Array(pageSize), 0, pageSize, start);
      lost += 1;
    }
    if (lost === 0) throw new Error(`No page of ${databasePath} holds “${text}”`);
  } finally {
    await file.close();
  }
}
