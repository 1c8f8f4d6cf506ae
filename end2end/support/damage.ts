// What a database may hold that the server cannot read.
import { open } from 'node:fs/promises';

/**
 * The mode of every rotation that is stored in an SQLite file beside the text becomes a text that is none in UTF-8. The
 * file itself stays sound, and the server has to be stopped, so that all that it wrote is in this file.
 */
export async function spoilModesBeside(text: string, databasePath: string): Promise<void> {
  const file = await open(databasePath, 'r+');
  try {
    const contents = await file.readFile();
    const pageSize = contents.readUInt16BE(16);
    let spoilt = 0;
    for (let start = 0; start < contents.length; start += pageSize) {
      const page = contents.subarray(start, start + pageSize);
      if (!page.includes(text)) continue;
      for (let at = page.indexOf('manual'); at >= 0; at = page.indexOf('manual', at + 1)) {
        await file.write(Uint8Array.of(0xff), 0, 1, start + at);
        spoilt += 1;
      }
    }
    if (spoilt === 0) throw new Error(`No page of ${databasePath} holds a mode beside “${text}”`);
  } finally {
    await file.close();
  }
}
