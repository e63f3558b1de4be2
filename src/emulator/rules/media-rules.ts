const LARGEST_IMAGE = 5 * 1024 * 1024;
const LARGEST_MESSAGE = 16 * 1024 * 1024;

/** What WhatsApp takes. @see https://www.twilio.com/docs/whatsapp/guidance-whatsapp-media-messages */
const TYPES =
  /^(image\/(jpeg|jpg|png|webp)|audio\/(ogg|amr|3gpp|aac|mpeg|mp4)|video\/(mp4|3gpp)|application\/(pdf|msword|vnd\.openxmlformats-officedocument\.(wordprocessingml\.document|presentationml\.presentation|spreadsheetml\.sheet)|vnd\.ms-(excel|powerpoint))|text\/(vcard|x-vcard|plain))$/;

/** The first bytes of files that are told apart by them. */
const SIGNATURES: readonly [type: string, bytes: string][] = [
  ['image/png', '89504e470d0a1a0a'],
  ['image/jpeg', 'ffd8ff'],
  ['image/gif', '474946383'],
  ['application/pdf', '255044462d'],
  ['audio/ogg', '4f676753'],
];

interface File {
  readonly contentType: string;
  readonly data?: Buffer;
}

/** Why WhatsApp does not take these files: type unknown (63021), not what it says (63005), or too large (63034). */
export function mediaFailure(files: readonly File[]): number | undefined {
  let size = 0;
  for (const { contentType, data = Buffer.alloc(0) } of files) {
    const type = contentType.toLowerCase();
    if (!TYPES.test(type)) return 63021;
    const actual = typeOf(data);
    if (actual !== undefined && actual !== type.replace('image/jpg', 'image/jpeg')) return 63005;
    if (type.startsWith('image/') && data.length > LARGEST_IMAGE) return 63034;
    size += data.length;
  }
  return size > LARGEST_MESSAGE ? 63034 : undefined;
}

function typeOf(data: Buffer): string | undefined {
  const beginning = data.subarray(0, 16).toString('hex');
  return SIGNATURES.find(([, bytes]) => beginning.startsWith(bytes))?.[0];
}
