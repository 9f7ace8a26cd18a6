import { define } from './define';

export const imports = define(
  {
    title: 'Import', text: 'Customers from a file: check it first, bring it in, and take it back if it was wrong.',
    file: 'File', fileHelp: 'CSV, JSON lines (.jsonl) or Parquet', choose: 'Choose a file', name: 'Name of the list', nameHelp: 'Letters, digits, dot, dash and space. What it tells has the source import:NAME.', zone: 'Time zone of its dates',
    mapping: 'Columns', mappingText: 'Say what each column means; what has no meaning here becomes a trait of its name.', column: 'Column', first: 'First row', meaning: 'Meaning', asTrait: 'a trait of its name', ignore: 'leave it out', noColumns: 'The columns of this kind of file are read by their names.',
    dry: 'Check only', run: 'Import', sending: 'Sending the file', rows: 'Rows', list: 'Imports so far', none: { title: 'Nothing was imported yet', text: 'Choose a file above. Its first line names the columns, for example:' },
    state: 'State', states: { receiving: 'being sent', queued: 'waiting', running: 'running', done: 'done', failed: 'failed', cancelled: 'cancelled', undoing: 'being taken back', undone: 'taken back' },
    created: 'New', updated: 'Changed', unchanged: 'As before', refused: 'Refused', begun: 'Begun', dryRun: 'check only: nothing was kept', errors: 'Refused rows', line: 'Line', code: 'Code', reason: 'Reason', show: 'Details',
    cancel: 'Cancel', undo: 'Take it back', sure: 'Take this import back?', sureText: 'What it told, linked, merged and made goes; what came from elsewhere stays.', keep: 'Keep it', takenBack: (count: string) => `${count} customers looked at`,
  },
  {
    fa: {
      title: 'ورود فایل', text: 'مشتریان از یک فایل: نخست بررسی، سپس ورود، و اگر نادرست بود برگرداندن.',
      file: 'فایل', fileHelp: 'CSV، سطرهای JSON (‎.jsonl) یا Parquet', choose: 'فایلی برگزینید', name: 'نام فهرست', nameHelp: 'حرف، رقم، نقطه، خط تیره و فاصله. منبع آنچه می‌گوید import:NAME است.', zone: 'منطقهٔ زمانی تاریخ‌ها',
      mapping: 'ستون‌ها', mappingText: 'بگویید هر ستون چه معنایی دارد؛ آنچه معنایی اینجا ندارد ویژگی‌ای به نام خودش می‌شود.', column: 'ستون', first: 'ردیف نخست', meaning: 'معنا', asTrait: 'ویژگی به نام خودش', ignore: 'کنار بگذار', noColumns: 'ستون‌های این گونه فایل با نام خودشان خوانده می‌شوند.',
      dry: 'فقط بررسی', run: 'وارد کن', sending: 'فرستادن فایل', rows: 'ردیف‌ها', list: 'ورودهای تاکنون', none: { title: 'هنوز چیزی وارد نشده', text: 'بالا فایلی برگزینید. سطر نخست آن نام ستون‌هاست، برای نمونه:' },
      state: 'وضعیت', states: { receiving: 'در حال فرستادن', queued: 'در انتظار', running: 'در حال اجرا', done: 'انجام شد', failed: 'ناموفق', cancelled: 'لغوشده', undoing: 'در حال برگرداندن', undone: 'برگردانده' },
      created: 'تازه', updated: 'تغییرکرده', unchanged: 'مانند پیش', refused: 'ردشده', begun: 'آغاز', dryRun: 'فقط بررسی: چیزی نگه داشته نشد', errors: 'ردیف‌های ردشده', line: 'سطر', code: 'کد', reason: 'سبب', show: 'جزئیات',
      cancel: 'لغو', undo: 'برگردان', sure: 'این ورود برگردانده شود؟', sureText: 'آنچه گفت، پیوند داد، یکی کرد و ساخت می‌رود؛ آنچه از جای دیگر آمد می‌ماند.', keep: 'بماند', takenBack: (count: string) => `${count} مشتری بررسی شد`,
    },
  },
);
